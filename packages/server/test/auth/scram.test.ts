/** The server's side of SCRAM-SHA-256 as functions: no connection, no MQTT. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { challenge, judge, readClientFirst, scramVerifier } from "../../src/auth/scram.ts";
import type { Challenge } from "../../src/auth/scram.ts";
import { ScramUsers } from "../../src/auth/scram-users.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The exchange that RFC 7677 prints in section 3. */
const CLIENT_FIRST = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const SERVER_FIRST = `r=rOprNGfwEbeRWgbNEkqO${SERVER_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const CLIENT_FINAL = `c=biws,r=rOprNGfwEbeRWgbNEkqO${SERVER_NONCE},p=${PROOF}`;
const SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

async function asked(clientFirst: string = CLIENT_FIRST): Promise<Challenge> {
  const first = readClientFirst(bytes(clientFirst));
  if (first === undefined) throw new Error(`not read: ${clientFirst}`);
  const salt = new Uint8Array(Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"));
  return challenge(first, await scramVerifier("pencil", { iterations: 4_096, salt }), SERVER_NONCE);
}

describe("the exchange of RFC 7677", () => {
  it("is carried out as printed", async () => {
    const question = await asked();
    expect(question.serverFirst).toBe(SERVER_FIRST);
    const verdict = judge(question, bytes(CLIENT_FINAL));
    expect(verdict).toEqual({ type: "proved", serverFinal: SERVER_FINAL });
  });

  it.each([
    ["another proof", CLIENT_FINAL.replace("p=dH", "p=eH"), "wrongProof"],
    [
      "an extension that the proof does not cover",
      CLIENT_FINAL.replace(",p", ",x=y,p"),
      "wrongProof",
    ],
    ["another nonce", CLIENT_FINAL.replace("%hv", "%hw"), "malformed"],
    ["the client's nonce alone", CLIENT_FINAL.replace(SERVER_NONCE, ""), "malformed"],
    ["another header", CLIENT_FINAL.replace("biws", "eSws"), "malformed"],
    ["no proof", CLIENT_FINAL.replace(/,p=.*/, ""), "malformed"],
    ["a short proof", CLIENT_FINAL.replace(PROOF, "dHzb"), "malformed"],
    ["two proofs", `${CLIENT_FINAL},p=${PROOF}`, "malformed"],
    ["an extension that must be understood", CLIENT_FINAL.replace(",p", ",m=x,p"), "malformed"],
    ["the attributes in another order", `p=${PROOF},${CLIENT_FINAL.slice(0, -47)}`, "malformed"],
    ["nothing", "", "malformed"],
  ])("is refused with %s", async (_, clientFinal, type) => {
    expect(judge(await asked(), bytes(clientFinal))).toEqual({ type });
  });

  it("has a nonce of the server's that is new each time", async () => {
    const { first, verifier } = await asked();
    const nonces = Array.from({ length: 100 }, () => challenge(first, verifier).nonce);
    expect(new Set(nonces).size).toBe(100);
    expect(nonces.every((nonce) => /^rOprNGfwEbeRWgbNEkqO[!-+\--~]{24}$/.test(nonce))).toBe(true);
  });
});

describe("the first message of a client", () => {
  it.each([
    ["n,,n=user,r=abc", "user"],
    ["y,,n=user,r=abc", "user"],
    ["n,a=user,n=user,r=abc", "user"],
    ["n,,n=us=2Cer=3D,r=abc", "us,er="],
    ["n,,n=user,r=abc,x=extension", "user"],
    ["n,,n=\u{2168},r=abc", "IX"],
  ])("%s names %s", (text, userName) => {
    expect(readClientFirst(bytes(text))).toMatchObject({ userName, nonce: "abc" });
  });

  it.each([
    ["asks for channel binding", "p=tls-unique,,n=user,r=abc"],
    ["acts for somebody else", "n,a=other,n=user,r=abc"],
    ["demands an extension", "n,,m=x,n=user,r=abc"],
    ["demands an extension at its end", "n,,n=user,r=abc,m=x"],
    ["has no name", "n,,n=,r=abc"],
    ["has no nonce", "n,,n=user,r="],
    ["has a nonce with a space", "n,,n=user,r=a b"],
    ["has another order", "n,,r=abc,n=user"],
    ["escapes what is not to be escaped", "n,,n=us=41er,r=abc"],
    ["ends in an escape", "n,,n=user=,r=abc"],
    ["has a control character in the name", "n,,n=us\u0000er,r=abc"],
    ["begins with a byte order mark", "\u{FEFF}n,,n=user,r=abc"],
    ["has no header", "n=user,r=abc"],
    ["is empty", ""],
  ])("is refused if it %s", (_, text) => {
    expect(readClientFirst(bytes(text))).toBeUndefined();
  });

  it("is refused if it is missing, or no UTF-8", () => {
    expect(readClientFirst(undefined)).toBeUndefined();
    expect(readClientFirst(Uint8Array.of(...bytes("n,,n=user,r=a"), 0xff))).toBeUndefined();
  });
});

describe("any bytes", () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.stringMatching(/^[nyp],(a=\w+)?,n=[=,\w]*,r=[!-~]*$/).map(bytes),
    fc.stringMatching(/^c=[\w+/]*=?,r=[!-~]*,p=[\w+/]{43}=$/).map(bytes),
  );

  it("neither pass nor break the last step", async () => {
    const question = await asked();
    fc.assert(
      fc.property(anything, (data) => {
        expect(judge(question, data).type).not.toBe("proved");
      }),
    );
  });

  it("make a first message or none", () => {
    fc.assert(
      fc.property(anything, (data) => {
        const first = readClientFirst(data);
        if (first !== undefined)
          expect(first.header + first.bare).toBe(Buffer.from(data).toString());
      }),
    );
  });
});

describe("a verifier", () => {
  it("has a salt of its own, and 15 000 iterations", async () => {
    const [one, other] = await Promise.all([scramVerifier("same"), scramVerifier("same")]);
    expect(one).toMatchObject({ iterations: 15_000 });
    expect(one.salt).toHaveLength(16);
    expect(one.salt).not.toEqual(other.salt);
    expect(one.storedKey).not.toEqual(other.storedKey);
  });

  it.each([4_095, 0, Number.NaN, 2 ** 31])("is not made of %d iterations", async (iterations) => {
    await expect(scramVerifier("secret", { iterations })).rejects.toThrow(RangeError);
  });

  it.each(["", "a\u0007b"])("is not made of %j", async (password) => {
    await expect(scramVerifier(password)).rejects.toThrow(TypeError);
  });
});

describe("users whose passwords are known", () => {
  const users = new ScramUsers(
    new Map([
      ["ann", "secret"],
      ["odd", "a\u0000b"],
    ]),
  );

  it.each(["ann", "odd", "nobody"])("%s is given the same verifier each time", async (userName) => {
    const verifier = await users.verifierOf(userName);
    expect(await users.verifierOf(userName)).toBe(verifier);
    expect(verifier).toMatchObject({ iterations: 15_000 });
    expect(verifier.salt).toHaveLength(16);
  });

  it("have the verifier of their password", async () => {
    const { salt, storedKey } = await users.verifierOf("ann");
    expect((await scramVerifier("secret", { salt })).storedKey).toEqual(storedKey);
  });
});
