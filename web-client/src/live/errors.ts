/** The server cannot resume from the cursor: take a new snapshot. */
export class StreamReset extends Error {
  override name = "StreamReset";
}

/** The server does not accept the token (or no longer). */
export class Unauthenticated extends Error {
  override name = "Unauthenticated";
}

/** Nobody answered: worth another try, nothing is decided. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

/** The server has decided against it; `code` says why. */
export class Refused extends Error {
  override name = "Refused";

  constructor(readonly code: string) {
    super(code);
  }
}
