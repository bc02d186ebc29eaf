import { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { isSocketHandle, socketHandles } from "./socket-handles.ts";
import type { SocketHandle } from "./socket-handles.ts";

/**
 * Bytes that one read may bring. Node itself reads 64 KB at a time; of 16 KB messages that is four for each round of
 * system call, route and write. More than this no longer fits the processor's cache together with what is written.
 */
const READ_BYTES = 262_144;

let shared: Buffer | undefined;

/** The array that all plain sockets read into. Whoever reads is done with it before anybody else reads. */
export function sharedArray(): Buffer {
  return (shared ??= Buffer.allocUnsafeSlow(READ_BYTES));
}

/** The parts of Node's inner handle that tell whether a socket can be made anew around it. */
interface ReadingHandle {
  readonly useUserBuffer?: unknown;
}

/**
 * A socket in place of an accepted one, that reads into one array which all such sockets share: its `data` is to be
 * used during the event only. A read of Node's own is a new array each time: memory that no cache holds, and so
 * much of it that the collector runs hundreds of times a second and holds up everybody.
 *
 * Node offers this (`onread`) for sockets that are made, not for those that a server accepts, so the accepted one's handle
 * moves to one that is made. Where the handle is not what Node has had for years, the accepted socket stays.
 */
export function withSharedReading(accepted: Socket): Socket {
  const owner = accepted as unknown as { _handle: ReadingHandle | null };
  const handle = owner._handle;
  if (typeof handle?.useUserBuffer !== "function") return accepted;
  const buffer = sharedArray();
  const callback = (count: number): boolean => socket.emit("data", buffer.subarray(0, count));
  const options = { handle, allowHalfOpen: accepted.allowHalfOpen, onread: { buffer, callback } };
  const socket: Socket = new Socket(options);
  // Nothing was read yet: the accepted socket goes without its handle, and its server counts it out.
  owner._handle = null;
  accepted.destroy();
  return socket;
}

/** The handle of a TLS socket knows whether it reads. */
type TlsHandle = SocketHandle & { reading: boolean };

/**
 * Has a TLS socket whose handshake is done read into the same array; its `data`, too, is to be used during the event only.
 * Node makes an array of 64 KB for each read of such a socket, and its collector took a third of the time of small ones.
 * Where the handle is not as it is known, the socket reads as Node reads.
 */
export function readShared(socket: TLSSocket): void {
  const handles = socketHandles();
  const handle = (socket as unknown as { _handle?: unknown })._handle;
  if (typeof handles === "string" || !isSocketHandle(handle) || socket.readableLength > 0) return;
  const array = sharedArray();
  const tls = handle as TlsHandle;
  const original = tls.onread;
  tls.useUserBuffer(array);
  tls.onread = function onRead(...given) {
    const count = handles.lastRead;
    if (count > 0) socket.emit("data", array.subarray(0, count));
    else original.apply(this, given);
  };
  // A stream stops what fills it when it is full, and this one never is.
  socket.pause = () => {
    if (!socket.destroyed && tls.reading) {
      tls.reading = false;
      tls.readStop();
    }
    return Socket.prototype.pause.call(socket) as TLSSocket;
  };
  socket.resume = () => {
    if (!socket.destroyed && !tls.reading) {
      tls.reading = true;
      tls.readStart();
    }
    return Socket.prototype.resume.call(socket) as TLSSocket;
  };
}
