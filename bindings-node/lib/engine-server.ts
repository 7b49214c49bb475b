/**
 * `sansocket/engine`: raw Engine.IO sessions, without Socket.IO on top.
 */

import { Engine } from "./engine";

export { EngineSocket } from "./engine-socket";
export type { EngineOptions } from "./options";

/** A server whose `connection` event gives an {@link EngineSocket} with `send` and `message`. */
export class Server extends Engine {
  constructor(options: ConstructorParameters<typeof Engine>[1] = {}) {
    super("engine.io", { path: "/engine.io", ...options });
  }
}
