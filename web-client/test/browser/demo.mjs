// People of the demo workspace.
export const admin = { email: "admin@demo.example", password: "tributary-demo" };
export const agent = { email: "agent@demo.example", password: "tributary-demo" };
