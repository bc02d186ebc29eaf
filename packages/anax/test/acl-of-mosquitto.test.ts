import { expect, it } from "vitest";
import { compare } from "./acl/comparing.ts";
import { MosquittoAcl, mosquittoPath } from "./acl/mosquitto-acl.ts";

/** `npm run acl` takes ten thousand. */
const FILES = 8;

const path = mosquittoPath();

it.runIf(path !== undefined)(
  "decides by an acl_file as mosquitto does, about random files, topics and filters",
  async () => {
    await using mosquitto = await MosquittoAcl.start(path ?? "");
    const { decisions, filters, differences } = await compare(mosquitto, 7, FILES);
    expect(differences).toEqual([]);
    expect(decisions).toBe(FILES * 84 * 6);
    expect(filters).toBe(FILES * 30);
  },
);
