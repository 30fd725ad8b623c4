// npm run demo. These examples are a package of their own, and use keyfold as it is installed; the demo runs in a
// fresh clone, where keyfold is found by name from the repository's own scripts only.
import "../scripts/demo.mjs";
