// The key tree of mailboxes, as an SVG: who wraps whom, where each key is kept, and what the three operations change.

const SIZE = { width: 840, height: 500 };
const NOTES = 560;

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-size: 16px; font-weight: 600 }
    .name { font-weight: 600 }
    .quiet { fill: #59636e }
    .middle { text-anchor: middle }
    .back { fill: #ffffff }
    .box { fill: #f6f8fa; stroke: #59636e }
    .key { stroke-width: 1.5 }
    .organization { fill: #ddf4ff; stroke: #0969da }
    .mailbox { fill: #dafbe1; stroke: #1a7f37 }
    .message { fill: #fff1e5; stroke: #bc4c00 }
    .wraps { fill: none; stroke: #59636e; stroke-width: 1.5 }
    .next, .gone { fill: none; stroke-dasharray: 5 4 }
    .next { stroke: #0969da }
    .gone { stroke: #59636e }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .quiet { fill: #9198a1 }
      .back { fill: #0d1117 }
      .box { fill: #151b23; stroke: #9198a1 }
      .organization { fill: #0c2d6b; stroke: #58a6ff }
      .mailbox { fill: #033a16; stroke: #3fb950 }
      .message { fill: #5a1e02; stroke: #f0883e }
      .wraps { stroke: #9198a1 }
      .next { fill: none; stroke: #58a6ff }
      .gone { fill: none; stroke: #9198a1 }
    }`;

const text = (words, x, y, classes = "") =>
  `<text x="${x}" y="${y}"${classes && ` class="${classes}"`}>${words}</text>`;
const box = (classes, x, y, width, height) =>
  `<rect class="${classes}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`;
const wraps = (x1, y1, x2, y2, classes = "wraps") => {
  const middle = (y1 + y2) / 2;
  return `<path class="${classes}" d="M${x1},${y1} C${x1},${middle} ${x2},${middle} ${x2},${y2}"/>`;
};
/** A key of this kind, its name and what it is for, around this middle. */
const key = (kind, x, y, width, name, more) => [
  box(`key ${kind}`, x - width / 2, y, width, more === undefined ? 28 : 44),
  text(name, x, y + 19, "name middle"),
  ...(more === undefined ? [] : [text(more, x, y + 36, "quiet middle")]),
];
const notes = (y, ...lines) =>
  lines.map((line, i) => text(line, NOTES, y + 18 * i, i === 0 ? "name" : "quiet"));

const ROWS = { organization: 76, mailbox: 200, dataKey: 330, message: 400 };
const VERSIONS = [
  { x: 92, version: "v1", use: "reads" },
  { x: 178, version: "v2", use: "writes" },
  { x: 318, version: "v1", use: "writes" },
];
const MESSAGES = [
  { x: 60, from: 92 },
  { x: 124, from: 92 },
  { x: 188, from: 178 },
  { x: 286, from: 318 },
  { x: 350, from: 318 },
];

export function keyTreePicture() {
  const { organization, mailbox, dataKey, message } = ROWS;
  const drawn = [
    ...VERSIONS.map(({ x }) => wraps(206, organization + 44, x, mailbox + 32)),
    wraps(420, organization + 44, 318, mailbox, "next"),
    ...key("organization", 206, organization, 150, "organization", "a KMS key"),
    ...key("organization next", 420, organization, 130, "another one", "after rewrap()"),

    box("box", 40, mailbox, 190, 92),
    text("alice", 54, mailbox + 21, "name"),
    box("box", 264, mailbox, 108, 92),
    text("bob", 278, mailbox + 21, "name"),
    box("box gone", 406, mailbox, 108, 92),
    text("carol", 420, mailbox + 21, "name quiet"),
    text("destroy()", 460, mailbox + 58, "quiet middle"),
    ...MESSAGES.map(({ x, from }) => wraps(from, mailbox + 76, x, dataKey)),
    ...VERSIONS.flatMap(({ x, version, use }) => key("mailbox", x, mailbox + 32, 70, version, use)),

    ...MESSAGES.flatMap(({ x }) => [
      wraps(x, dataKey + 28, x, message),
      ...key("message", x, dataKey, 52, "key"),
      box("box", x - 26, message, 52, 34),
      `<path class="wraps" d="M${x - 26},${message + 2} L${x},${message + 18} L${x + 26},${message + 2}"/>`,
    ]),
    wraps(460, mailbox + 92, 460, dataKey, "gone"),
    box("box gone", 434, message, 52, 34),
    text("unreadable", 460, message + 54, "quiet middle"),
    wraps(460, dataKey, 460, message, "gone"),

    ...notes(
      organization + 12,
      "never leaves KMS",
      "kms:Encrypt when a mailbox is made,",
      "kms:Decrypt once a minute for each",
      "mailbox in use",
    ),
    ...notes(
      mailbox + 32,
      "mailbox keys",
      "wrapped in your store; in clear for",
      "at most a minute, in memory alone.",
      "rotate() adds a version",
    ),
    ...notes(
      dataKey + 10,
      "a data key for each message",
      "under a wrapping key of its own,",
      "derived from the mailbox key: no call",
      "to anyone. Kept in the message",
    ),
    text("messages, unchanged by rotation and re-wrapping", 40, message + 78, "quiet"),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-labelledby="title desc">
  <title id="title">The key tree of mailboxes</title>
  <desc id="desc">A KMS key of the organization wraps the keys of mailboxes, a mailbox key wraps the data key of each message.</desc>
  <style>${STYLE}
  </style>
  <rect class="back" width="${SIZE.width}" height="${SIZE.height}" rx="8"/>
  ${text("One KMS key an organization, one key a mailbox, one key a message", 40, 36, "title")}
  ${drawn.join("\n  ")}
</svg>
`;
}
