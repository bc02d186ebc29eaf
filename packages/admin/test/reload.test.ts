import { MqttServer } from "@anax/server";
import { afterEach, expect, it } from "vitest";
import { createAdmin } from "../src/index.ts";
import type { Admin, AdminOptions, Role } from "../src/index.ts";

const server = new MqttServer({ listeners: [{ type: "memory" }] });
let admin: Admin;

afterEach(() => admin.close());

function make(role: Role, options: Partial<AdminOptions> = {}): void {
  admin = createAdmin(server, { holderOf: () => ({ name: "a", role }), ...options });
}

async function call(method: string, path: string): Promise<{ status: number; body: object }> {
  const request = new Request(`http://127.0.0.1/api/v1/${path}`, {
    method,
    headers: { authorization: "Bearer x" },
  });
  const response = await admin.fetch(request);
  return { status: response.status, body: (await response.json()) as object };
}

it("the server is shown with its limits", async () => {
  make("viewer");
  const { body } = await call("GET", "server");
  expect(body).toMatchObject({ limits: { connectionsMax: 100_000, maximumQos: 2 } });
});

it("a server without rules has nothing that the API itself could read again", async () => {
  make("admin");
  const done = await call("POST", "server/reload");
  expect(done).toEqual({ status: 200, body: { needNewStart: [] } });
});

it("is for an admin", async () => {
  make("operator");
  expect(await call("POST", "server/reload")).toMatchObject({ status: 403 });
});

it("reads again as its program says, and tells what is wrong", async () => {
  let isWrong = false;
  make("admin", {
    reload: async () => {
      if (isWrong) throw new Error("anax.yaml:3: there is no key prot");
      return ["max-sessions"];
    },
  });
  const done = await call("POST", "server/reload");
  expect(done).toEqual({ status: 200, body: { needNewStart: ["max-sessions"] } });
  isWrong = true;
  expect(await call("POST", "server/reload")).toEqual({
    status: 409,
    body: { error: "not read again: anax.yaml:3: there is no key prot" },
  });
});
