// Stands for use-sync-external-store, which the router has for versions of React before 18.
export { useSyncExternalStore } from "react";
