import { expect, it } from "vitest";
import { GROUPS, measureMicro, microLine } from "../micro/run.ts";
import type { MicroFigure } from "../micro/run.ts";

it("measures each part by itself", { timeout: 60_000 }, async () => {
  const figures: MicroFigure[] = [];
  await measureMicro(GROUPS, { milliseconds: 0.1 }, (figure) => figures.push(figure));
  expect(new Set(figures.map(({ group }) => group))).toEqual(
    new Set(["codec", "topic match", "route", "encode", "queue"]),
  );
  for (const figure of figures) {
    expect(figure.p50, figure.name).toBeGreaterThan(0);
    expect(figure.p99, figure.name).toBeGreaterThanOrEqual(figure.p50);
    expect(microLine(figure)).toContain(figure.name);
  }
});
