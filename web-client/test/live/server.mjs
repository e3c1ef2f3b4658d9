// A log over graphql-transport-ws, as a process of its own: numbers instead of entities, connections that break.
//   node server.mjs <events> <drops> <seed>      prints its port
import { WebSocketServer } from "ws";

const [total, drops, seed] = process.argv.slice(2).map(Number);
let state = seed;
const random = () => {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return state / 2_147_483_648;
};
const breaks = new Set();
while (breaks.size < drops) breaks.add(1 + Math.floor(random() * (total - 1)));

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "graphql-transport-ws" });
server.on("listening", () => console.log(server.address().port));

server.on("connection", (socket) => {
  const running = new Map();
  const say = (message) => socket.readyState === 1 && socket.send(JSON.stringify(message));
  socket.on("close", () => running.clear());
  socket.on("message", (raw) => {
    const message = JSON.parse(String(raw));
    if (message.type === "connection_init") {
      if (message.payload?.authorization !== "Bearer good") socket.close(4403, "Forbidden");
      else say({ type: "connection_ack" });
    }
    if (message.type === "ping") {
      const renewed = message.payload?.authorization ? { renewed: message.payload.authorization === "Bearer better" } : undefined;
      say({ type: "pong", payload: renewed });
    }
    if (message.type === "complete") running.delete(message.id);
    if (message.type !== "subscribe") return;
    const after = message.payload.variables.after;
    if (after === "ancient") {
      say({ id: message.id, type: "error", payload: [{ message: "too old", extensions: { code: "STREAM_RESET" } }] });
      return;
    }
    let at = Number(after);
    running.set(message.id, true);
    const step = () => {
      if (!running.has(message.id) || at >= total) return;
      const prev = at;
      const wanted = Math.min(total - at, 1 + Math.floor(random() * 9));
      const next = [...breaks].sort((a, b) => a - b).find((point) => point > prev && point <= prev + wanted);
      const size = next === undefined ? wanted : next - prev;
      at = prev + size;
      const events = Array.from({ length: size }, (_, index) => ({ seq: prev + index + 1 }));
      say({ id: message.id, type: "next", payload: { data: { log: { prev: String(prev), cursor: String(at), events } } } });
      if (next !== undefined) {
        // Each break happens once: sometimes with the batch still in flight, sometimes after it.
        breaks.delete(next);
        if (random() < 0.5) socket.terminate();
        else setTimeout(() => socket.terminate(), 3);
        return;
      }
      setImmediate(step);
    };
    step();
  });
});
