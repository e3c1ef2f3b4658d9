// The two ways to the server: a WebSocket, and where a proxy forbids it an event stream with POST. Same frames on both.

import { CLOSE, SUBPROTOCOL, type ClientFrame, type ServerFrame } from "./protocol";

export interface Transport {
  send(frame: ClientFrame): void;
  close(): void;
}

export interface Listener {
  opened(): void;
  received(frame: ServerFrame): void;
  /** Once, and never after `close()`. */
  closed(code: number): void;
}

const ABNORMAL = 1006;

export function openSocket(base: string, listener: Listener): Transport {
  let isLive = true;
  const end = (code: number) => {
    if (isLive) {
      isLive = false;
      listener.closed(code);
    }
  };
  let socket: WebSocket;
  try {
    socket = new WebSocket(`${base.replace(/^http/, "ws")}/socket`, SUBPROTOCOL);
  } catch {
    setTimeout(() => end(ABNORMAL));
    return { send() {}, close: () => void (isLive = false) };
  }
  socket.onopen = () => {
    if (isLive) listener.opened();
  };
  socket.onmessage = (event) => {
    const frame = isLive && parse(event.data);
    if (frame) listener.received(frame);
  };
  socket.onclose = (event) => end(event.code);
  // What went wrong is never told to pages; `close` follows and is enough.
  socket.onerror = () => {};
  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    },
    close() {
      isLive = false;
      socket.close();
    },
  };
}

export function openStream(base: string, listener: Listener): Transport {
  const stop = new AbortController();
  let token = "";
  let isLive = true;
  const end = (code: number) => {
    if (isLive) {
      isLive = false;
      stop.abort();
      listener.closed(code);
    }
  };

  async function follow(after: string | null): Promise<void> {
    const query = after ? `?after=${encodeURIComponent(after)}` : "";
    const response = await fetch(`${base}/stream${query}`, { headers: headers(token), signal: stop.signal });
    if (!response.ok || !response.body) return end(closing(response.status));
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return end(ABNORMAL);
      text += decoder.decode(value, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const frame = isLive && line.startsWith("data:") && parse(line.slice(5));
        if (frame) listener.received(frame);
      }
    }
  }

  async function post(frame: ClientFrame): Promise<void> {
    const response = await fetch(`${base}/frames`, {
      method: "POST",
      headers: headers(token),
      body: JSON.stringify({ frames: [frame] }),
      signal: stop.signal,
    });
    if (!response.ok) return end(closing(response.status));
    const { frames } = (await response.json()) as { frames: ServerFrame[] };
    for (const reply of frames) if (isLive) listener.received(reply);
  }

  setTimeout(() => {
    if (isLive) listener.opened();
  });
  return {
    send(frame) {
      if (frame.type === "hello") token = frame.token;
      (frame.type === "hello" ? follow(frame.after) : post(frame)).catch(() => end(ABNORMAL));
    },
    close() {
      isLive = false;
      stop.abort();
    },
  };
}

export function headers(token: string | null): Record<string, string> {
  return { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
}

function closing(status: number): number {
  return status === 401 ? CLOSE.signIn : status === 403 || status === 404 ? CLOSE.refused : status === 429 ? CLOSE.tooMany : ABNORMAL;
}

function parse(data: unknown): ServerFrame | null {
  try {
    const frame = JSON.parse(String(data)) as ServerFrame;
    return frame && typeof frame.type === "string" ? frame : null;
  } catch {
    return null;
  }
}
