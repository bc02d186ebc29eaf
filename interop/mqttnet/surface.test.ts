/** Is the list of MQTTnet's members, which the guide's tables are held to, what its assemblies have? */
import { describe, expect, it } from "vitest";
import { DotnetPart, isDotnetThere, sayIfLeftOut } from "./program.ts";
import { membersOfMqttnet } from "./surface/members.ts";

sayIfLeftOut();

describe.runIf(isDotnetThere)("the members of MQTTnet", { timeout: 60_000 }, () => {
  it("are those of the list", async () => {
    await using part = await DotnetPart.start("server");
    expect(await part.call("surface")).toEqual(membersOfMqttnet());
  });
});
