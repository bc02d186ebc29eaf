import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { passwordFileLine } from "@anax/server";
import { describe, expect, it } from "vitest";
import { CommandAuthenticator } from "../src/serving/command-authenticator.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const folder = temporaryFolder();

describe("users of the command line beside those of a file", () => {
  it("have a wrong password hashed as the others: the time tells nobody where a user is", async () => {
    const passwordFile = join(folder, "users");
    writeFileSync(passwordFile, await passwordFileLine("ann", "of the file"));
    const user = [{ userName: "bob", password: "secret" }];
    const authenticator = new CommandAuthenticator({ user, passwordFile, allowAnonymous: false });
    await authenticator.load();
    const answer = (userName: string, password: string): unknown =>
      authenticator.authenticate({
        clientId: "c",
        userName,
        password: new TextEncoder().encode(password),
        peer: { transport: "test", secure: false },
      });
    for (const userName of ["bob", "ann", "nobody"]) {
      const wrong = answer(userName, "wrong");
      // What is answered at once was not hashed.
      expect(wrong).toBeInstanceOf(Promise);
      expect(await wrong).toBe(userName === "nobody" ? undefined : false);
    }
    expect(await answer("bob", "secret")).toBe(true);
    expect(await answer("bob", "of the file")).toBe(false);
    expect(await answer("ann", "of the file")).toBe(true);
  });
});

describe("a client without a user name", () => {
  it.each([
    ["none at all", {}],
    ["an empty one", { userName: "" }],
    ["an empty one and an empty password", { userName: "", password: new Uint8Array(0) }],
  ])("%s is let in where the nameless are, and only there", async (_what, credentials) => {
    for (const allowAnonymous of [true, false]) {
      const user = [{ userName: "bob", password: "secret" }];
      const authenticator = new CommandAuthenticator({
        user,
        passwordFile: undefined,
        allowAnonymous,
      });
      await authenticator.load();
      const peer = { transport: "test", secure: false };
      const shown = { clientId: "c", peer, ...credentials };
      expect(authenticator.authenticate(shown)).toBeUndefined();
      const answer = authenticator.nameless.authenticate(shown);
      expect(await answer).toBe(allowAnonymous ? true : undefined);
    }
  });
});
