// People of the demo workspace, which `serve --demo` makes.
export const admin = { email: "admin@example.org", password: "demo" };
export const agent = { email: "anna@example.org", password: "demo" };
