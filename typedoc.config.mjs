// The API reference: a page of docs/api for each subpath of the package. `npm run docs` writes them anew.

import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** @type {Partial<import("typedoc").TypeDocOptions> & Partial<import("typedoc-plugin-markdown").PluginOptions>} */
export default {
  plugin: ["typedoc-plugin-markdown"],
  entryPoints: Object.values(manifest.exports).flatMap(({ import: { types } = {} }) =>
    types === undefined ? [] : [types.replace(/^\.\/dist\/(.+)\.d\.ts$/, "src/$1.ts")],
  ),
  out: "docs/api",

  // What is not documented, or leads nowhere, is an error. Members of options and interfaces count, too.
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: true },
  // Its answer is one of the classes of errors, as its name says.
  intentionallyNotExported: ["ErrorOf"],
  excludeInternal: true,
  excludeExternals: true,
  excludePrivate: true,
  // `npm run types` does that.
  skipErrorChecking: true,

  // The same bytes on every machine and at every commit.
  disableSources: true,
  readme: "none",
  includeVersion: false,

  // As the sources have it, and functions first.
  sort: ["kind", "source-order"],
  kindSortOrder: ["Function", "Variable", "Class", "Interface", "TypeAlias"],
  sortEntryPoints: false,
  groupOrder: ["Functions", "Variables", "Classes", "Interfaces", "Type Aliases"],

  // Pages to be read on a code host.
  outputFileStrategy: "modules",
  flattenOutputFiles: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  // Headings that differ by case alone, as a function and what it makes, have the same anchor on a code host.
  useHTMLAnchors: true,
  pageTitleTemplates: {
    index: "API reference",
    module: ({ name }) => (name === "keyfold" ? name : `keyfold/${name}`),
  },
  indexFormat: "table",
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  typeDeclarationFormat: "table",
  propertyMembersFormat: "table",
  tableColumnSettings: { hideModifiers: true, hideInherited: true, hideOverrides: true, hideDefaults: true },
};
