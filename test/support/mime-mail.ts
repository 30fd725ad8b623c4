// A mail as it comes over the wire: RFC 5322 headers, MIME parts in two forms and an attachment.
import { random, utf8 } from "./bytes.ts";

export interface MimeMail {
  /** The message with CRLF line ends. */
  readonly raw: Uint8Array;
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachment: { readonly filename: string; readonly mimeType: string; readonly content: Uint8Array };
}

const lines = (base64: string) => base64.match(/.{1,76}/g)?.join("\r\n") ?? "";
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const encodedWord = (text: string) => `=?UTF-8?B?${base64(utf8(text))}?=`;

/** RFC 2045, section 6.7, for text without line ends. */
function quotedPrintable(text: string): string {
  const encoded = [...utf8(text)].map((byte) =>
    (byte > 0x20 && byte < 0x7f && byte !== 0x3d) || byte === 0x20
      ? String.fromCharCode(byte)
      : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  );
  const broken = [""];
  for (const piece of encoded) {
    if (broken.at(-1)!.length + piece.length > 75) broken.push("");
    broken[broken.length - 1] += piece;
  }
  return broken.join("=\r\n");
}

export function mimeMail(more: Partial<Omit<MimeMail, "raw">> = {}): MimeMail {
  const facts = {
    from: { name: "Zoë Müller", address: "zoe@example.com" },
    to: "orders@example.org",
    subject: "Bestellung № 7: grüne Äpfel",
    text: "Guten Tag, bitte 12 Kilo grüne Äpfel = 30 €. Danke!",
    html: "<p>Guten Tag, bitte <b>12 Kilo</b> grüne Äpfel = 30 €. Danke!</p>",
    attachment: { filename: "order.bin", mimeType: "application/octet-stream", content: random(3000) },
    ...more,
  };
  const { from, to, subject, text, html, attachment } = facts;
  const [mixed, alternative] = ["----=_mixed_7d1f", "----=_alternative_7d1f"];
  const part = (type: string, body: string) =>
    [
      `--${alternative}`,
      `Content-Type: ${type}; charset=UTF-8`,
      "Content-Transfer-Encoding: quoted-printable",
      "",
      quotedPrintable(body),
      "",
    ].join("\r\n");
  const raw = [
    "Return-Path: <zoe@example.com>",
    "Received: from mail.example.com (mail.example.com [192.0.2.7])",
    "\tby inbound-smtp.us-east-1.amazonaws.com with SMTP id 1a2b3c",
    "\tfor orders@example.org; Sun, 01 Mar 2026 10:00:00 +0000 (UTC)",
    `From: ${encodedWord(from.name)} <${from.address}>`,
    `To: ${to}`,
    `Subject: ${encodedWord(subject)}`,
    "Message-ID: <20260301100000.1@example.com>",
    "Date: Sun, 01 Mar 2026 11:00:00 +0100",
    "MIME-Version: 1.0",
    `Content-Type: multipart/mixed; boundary="${mixed}"`,
    "",
    `--${mixed}`,
    `Content-Type: multipart/alternative; boundary="${alternative}"`,
    "",
    part("text/plain", text) + part("text/html", html),
    `--${alternative}--`,
    "",
    `--${mixed}`,
    `Content-Type: ${attachment.mimeType}; name="${attachment.filename}"`,
    `Content-Disposition: attachment; filename="${attachment.filename}"`,
    "Content-Transfer-Encoding: base64",
    "",
    lines(base64(attachment.content)),
    `--${mixed}--`,
    "",
  ].join("\r\n");
  return { ...facts, raw: utf8(raw) };
}
