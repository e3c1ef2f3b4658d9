import type { AddNoteInput, SendMessageInput } from "../gql/graphql";

/** A file that has been uploaded and is not yet part of a message. */
export interface FileRef {
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
}

export interface PersonRef {
  readonly id: string;
  readonly name: string;
}

/** What is shown of a message that is quoted. */
export interface QuoteRef {
  readonly id: string;
  readonly text: string;
  readonly author: { readonly name: string };
}

/**
 * What waits in the outbox: the input of one of the two mutations, less the ids the outbox keeps, and what else the
 * composer needs to take all of it back. The latter is missing in entries of older versions.
 */
export type Sending =
  | { readonly kind: "message"; readonly input: Omit<SendMessageInput, "clientId" | "interactionId">; readonly files?: readonly FileRef[]; readonly quoted?: QuoteRef | null }
  | { readonly kind: "note"; readonly input: Omit<AddNoteInput, "clientId" | "interactionId">; readonly files?: readonly FileRef[]; readonly mentions?: readonly PersonRef[] };
