/** Through it every interaction can be opened, whatever views there are. */
export const ANY_VIEW = "all";
