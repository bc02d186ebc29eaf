import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { measureDurable } from "../durable.ts";
import type { DurableFigure } from "../durable.ts";

const hasCompiler = existsSync("/usr/bin/gcc");
const isBuilt = existsSync(new URL("../../packages/store-lmdb/dist/index.js", import.meta.url));

it.skipIf(!hasCompiler || !isBuilt)(
  "measures what durability costs",
  { timeout: 60_000 },
  async () => {
    const figures: DurableFigure[] = [];
    const workload = {
      seconds: 1,
      messages: 200,
      sessions: 10,
      restartSessions: 20,
      restartRetained: 50,
      shrinkSeconds: 0,
    };
    await measureDurable(workload, (figure) => figures.push(figure));
    expect(figures).toHaveLength(8);
    expect(figures[0]?.measured).toMatch(/lost 0, doubled 0, disordered 0/);
    expect(figures[5]?.measured).toBe("200, 0 disordered");
  },
);
