/** The bytes of a text in Base64. Throws `SyntaxError` or `DOMException` if it is none. */
export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
