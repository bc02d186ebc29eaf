const NAMES: Readonly<Record<number, string>> = { 3: "3.1", 4: "3.1.1", 5: "5.0" };

/** What people call a protocol version, of which packets have the number. */
export function protocolVersionName(version: unknown): string {
  return NAMES[Number(version)] ?? String(version);
}
