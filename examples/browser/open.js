// The page's module: fetches a sealed message, shows what its header says, and opens it with the key that is typed.
// WebCrypto is there in secure contexts only: https, or localhost.
import { inspectMessage, isKeyfoldError, openMessage, rawAesKeyring } from "keyfold";

const message = new Uint8Array(await (await fetch("message.bin")).arrayBuffer());
const { suite, encryptionContext } = inspectMessage(message);
document.querySelector("#facts").textContent =
  `${message.length} bytes, ${suite.name}, for ${encryptionContext.recipient}. Nothing of this is verified yet.`;

const output = document.querySelector("output");
document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const key = Uint8Array.from(atob(document.querySelector("#key").value), (c) => c.charCodeAt(0));
    const keyring = rawAesKeyring({ namespace: "letters", name: "shared", key });
    const { plaintext } = await openMessage(message, { keyring });
    output.className = "";
    output.textContent = new TextDecoder().decode(plaintext);
  } catch (error) {
    output.className = "refused";
    output.textContent = isKeyfoldError(error) ? `${error.code}: ${error.message}` : String(error);
  }
});
