/**
 * Types for events whose names, arguments and acknowledgements the application has declared.
 *
 * Nothing here exists at run time.
 */

/** What each event's listener looks like. */
export interface EventsMap {
  [event: string]: any;
}

/** Any event, with any arguments: what an application without declarations gets. */
export interface DefaultEventsMap {
  [event: string]: (...args: any[]) => void;
}

/** The names of the declared events. */
export type EventNames<Map extends EventsMap> = keyof Map & (string | symbol);

/** The arguments of an event. */
export type EventParams<Map extends EventsMap, Name extends EventNames<Map>> = Parameters<
  Map[Name]
>;

/** The names of the events whose last argument is an acknowledgement that carries something. */
export type EventNamesWithAck<
  Map extends EventsMap,
  Name extends EventNames<Map> = EventNames<Map>,
> = IfAny<
  Map[Name],
  Name,
  Name extends Name
    ? Last<Parameters<Map[Name]>> extends AnyFunction
      ? FirstAnswer<Last<Parameters<Map[Name]>>> extends void
        ? never
        : Name
      : never
    : never
>;

/** The names of the events without an acknowledgement. */
export type EventNamesWithoutAck<
  Map extends EventsMap,
  Name extends EventNames<Map> = EventNames<Map>,
> = IfAny<
  Map[Name],
  Name,
  Name extends Name
    ? Parameters<Map[Name]> extends never[]
      ? Name
      : Last<Parameters<Map[Name]>> extends AnyFunction
        ? never
        : Name
    : never
>;

/** The events without an acknowledgement. */
export type RemoveAcknowledgements<Map extends EventsMap> = {
  [Name in EventNamesWithoutAck<Map>]: Map[Name];
};

/** The listener of an event that the library or the application has declared. */
export type Listener<
  Reserved extends EventsMap,
  User extends EventsMap,
  Name extends EventNames<Reserved> | EventNames<User>,
> = OrUntyped<
  Name extends EventNames<Reserved>
    ? Reserved[Name]
    : Name extends EventNames<User>
      ? User[Name]
      : never
>;

/** The first argument of an acknowledgement that is not its error. */
export type FirstAnswer<Ack> = Ack extends (...args: infer Args) => any
  ? Args[0] extends Error
    ? Args[1]
    : Args[0]
  : any;

/** Every element but the last. */
export type AllButLast<Tuple extends any[]> = Tuple extends [...infer Head, any] ? Head : any[];

/** The last element. */
export type Last<Tuple extends readonly unknown[]> = Tuple extends readonly [
  ...any[],
  infer Element,
]
  ? Element
  : Tuple extends ReadonlyArray<infer Element>
    ? Element
    : never;

/** Acknowledgements after `timeout()`: an error comes first. */
export type WithTimeout<Map> = {
  [Name in keyof Map]: Map[Name] extends (...args: infer Args) => infer Result
    ? (...args: { [I in keyof Args]: PrependError<Args[I]> }) => Result
    : Map[Name];
};

/** Acknowledgements of a broadcast: each answer is a list. */
export type WithManyAnswers<Map> = {
  [Name in keyof Map]: Map[Name] extends (...args: infer Args) => infer Result
    ? (...args: { [I in keyof Args]: ManyAnswers<Args[I]> }) => Result
    : Map[Name];
};

/** Acknowledgements of a broadcast after `timeout()`. */
export type WithTimeoutAndManyAnswers<Map> = WithManyAnswers<WithTimeout<Map>>;

type PrependError<Argument> = Argument extends (...args: infer Args) => infer Result
  ? Args[0] extends Error
    ? Argument
    : (error: Error, ...args: Args) => Result
  : Argument;

type ManyAnswers<Argument> = Argument extends (...args: infer Args) => infer Result
  ? Args extends []
    ? () => Result
    : Args extends [error: infer First extends Error, ...answers: infer Rest]
      ? Rest extends [infer Answer, ...any[]]
        ? (error: First, answers: Answer[]) => Result
        : (error: First) => Result
      : Args extends [infer Answer, ...any[]]
        ? (answers: Answer[]) => Result
        : (...args: any[]) => Result
  : Argument;

type OrUntyped<Type> = [Type] extends [never] ? (...args: any[]) => void | Promise<void> : Type;

type AnyFunction = (...args: any[]) => any;

type IfAny<Type, Then, Otherwise> = 0 extends 1 & Type ? Then : Otherwise;
