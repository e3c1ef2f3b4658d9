/**
 * Interactions that the person has marked as unread on purpose. The one that is open would otherwise become read
 * again at once.
 */
const kept = new Set<string>();

export function keepUnread(interactionId: string): void {
  kept.add(interactionId);
}

export const isKeptUnread = (interactionId: string): boolean => kept.has(interactionId);

/** It was opened anew, or something new came: from now on looking at it is reading it. */
export function forgetUnread(interactionId: string): void {
  kept.delete(interactionId);
}
