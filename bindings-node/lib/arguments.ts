/**
 * Arguments of the application, checked where a wrong one would otherwise show much later.
 */

/** Whether only the library may emit an event of this name. */
export function isReserved(name: string | symbol | number): boolean {
  return RESERVED_EVENTS.has(name);
}

/** The names of rooms. */
export function checkRooms(rooms: string | readonly string[]): readonly string[] {
  const names = Array.isArray(rooms) ? (rooms as readonly string[]) : [rooms as string];
  return names.map((name) => {
    if (typeof name === "string") {
      return name;
    }
    // Database ids are often numbers, and a room is only a name.
    if (typeof name === "number") {
      return String(name);
    }
    throw new TypeError(`the name of a room must be a string, not ${String(name)}`);
  });
}

export function checkFlag(name: string, value: boolean): boolean {
  if (typeof value !== "boolean") {
    throw new TypeError(`${name} must be a boolean, not ${String(value)}`);
  }
  return value;
}

export function checkTimeout(millis: number): number {
  if (typeof millis !== "number" || !(millis >= 0)) {
    throw new TypeError(`a timeout must be a number of milliseconds, not ${String(millis)}`);
  }
  return millis;
}

export function checkFunction<Fn>(name: string, value: Fn): Fn {
  if (typeof value !== "function") {
    throw new TypeError(`${name} must be a function, not ${String(value)}`);
  }
  return value;
}

/** Events with a meaning of their own on one side or the other. */
const RESERVED_EVENTS: ReadonlySet<string | symbol | number> = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);
