// How events change the state. Pure: the same events in the same order give the same state, and an event heard twice
// or late changes nothing, because a message's version only grows and its delivery only moves forward.

import type { DeliveryState, EventBody, Message, Page } from "./protocol";
import type { State } from "./store";

const RANK: Record<DeliveryState, number> = { SENT: 0, DELIVERED: 1, READ: 2 };

export function apply(state: State, event: EventBody): Partial<State> {
  switch (event.type) {
    case "message_created":
      return { messages: put(state.messages, event.data, true), typing: event.data.direction === "out" ? null : state.typing };
    case "message_changed":
      return { messages: put(state.messages, event.data, false) };
    case "message_deleted": {
      const { message_id, version, at } = event.data;
      return {
        messages: state.messages.map((message) =>
          message.id === message_id && message.version < version
            ? { ...message, version, deleted: at, attachments: [], reactions: [] }
            : message,
        ),
      };
    }
    case "delivery":
      return { messages: deliver(state.messages, event.data.message_id, event.data.state, event.data.is_watermark) };
    case "typing":
      return { typing: event.data.is_typing ? event.data.author : null };
    case "agent":
      return { agent: event.data.agent };
    case "status":
      return { ...event.data, ...(event.data.status === "WAITING" ? {} : { queuePosition: null }) };
    case "queue":
      return { queuePosition: event.data.position };
    default:
      // A newer server says more than we understand.
      return {};
  }
}

/** Older messages in front of those that are there. */
export function prepend(state: State, page: Page): Partial<State> {
  const known = new Set(state.messages.map((message) => message.id));
  return {
    messages: [...page.messages.filter((message) => !known.has(message.id)), ...state.messages],
    before: page.before,
    isLoadingOlder: false,
  };
}

function put(messages: readonly Message[], message: Message, isNew: boolean): readonly Message[] {
  const at = messages.findIndex((other) => other.id === message.id);
  const present = messages[at];
  if (!present) return isNew ? [...messages, message] : messages;
  if (present.version > message.version) return messages;
  const state = RANK[present.state] > RANK[message.state] ? present.state : message.state;
  return messages.map((other, i) => (i === at ? { ...message, state } : other));
}

function deliver(messages: readonly Message[], id: string, state: DeliveryState, isWatermark: boolean): readonly Message[] {
  const at = messages.findIndex((message) => message.id === id);
  const direction = messages[at]?.direction;
  return messages.map((message, i) =>
    message.direction === direction && (i === at || (isWatermark && i < at)) && RANK[message.state] < RANK[state]
      ? { ...message, state }
      : message,
  );
}
