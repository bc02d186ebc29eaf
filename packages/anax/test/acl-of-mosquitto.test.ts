import { areInstalled } from "@anax/testing";
import { expect, it, onTestFinished } from "vitest";
import { compare } from "./acl/comparing.ts";
import { MosquittoAcl } from "./acl/mosquitto-acl.ts";

/** `npm run acl` takes ten thousand. */
const FILES = 8;

it.runIf(areInstalled("mosquitto"))(
  "decides by an acl_file as mosquitto does, about random files, topics and filters",
  async () => {
    const mosquitto = await MosquittoAcl.start();
    onTestFinished(() => mosquitto[Symbol.asyncDispose]());
    await mosquitto.connect();
    const { decisions, filters, differences } = await compare(mosquitto, 7, FILES);
    expect(differences).toEqual([]);
    expect(decisions).toBe(FILES * 84 * 6);
    expect(filters).toBe(FILES * 30);
  },
);
