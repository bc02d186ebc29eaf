import type { DeliveringContext } from "./delivering-context.ts";
import type { Message } from "../message/message.ts";
import { takesAnything } from "../routing/shared-subscriptions.ts";
import type { SharedGroup } from "../routing/shared-subscriptions.ts";
import type { Subscription } from "../routing/subscription.ts";
import { takes } from "./delivery-for.ts";
import { isBlocked } from "./making-room.ts";

/**
 * The member of a shared subscription that gets a message: one that others wait for only if there is no other. `message` is
 * undefined where every member can take it. Undefined if there is no member.
 */
export function memberFor(
  core: DeliveringContext,
  group: SharedGroup,
  message: Message | undefined,
): Subscription | undefined {
  const fits =
    message === undefined ? takesAnything : (one: Subscription): boolean => takes(one, message);
  if (core.rooms.size === 0) return group.next(fits);
  const hasRoom = (one: Subscription): boolean => fits(one) && !isBlocked(core, one.session, "");
  return group.nextThat(hasRoom) ?? group.next(fits);
}
