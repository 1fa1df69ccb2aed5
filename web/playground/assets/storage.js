// The storage of GraphiQL: its tabs, history and layout, in localStorage. Operations that mention a password or a
// token stay in memory. So do the copies of the open tab's operation, variables and headers, which GraphiQL stores
// beside its tabs.
const namespace = "7p:playground:";
const memoryOnly = new Set(["graphiql:query", "graphiql:variables", "graphiql:headers"]);
const recordLists = { "graphiql:tabState": "tabs", "graphiql:queries": "queries", "graphiql:favorites": "favorites" };
const secret = /password|token|secret|bearer|sign_?in|sign_?up|refresh_?session/i;

export const mentionsSecret = (text) => secret.test(text);
const isPublic = (record) => !mentionsSecret(`${record.query} ${record.variables}`);

// withoutSecrets returns the value to store under a key of GraphiQL, null for none. Records have no headers, which
// may be credentials.
function withoutSecrets(key, value) {
  if (memoryOnly.has(key)) return null;
  const list = recordLists[key];
  if (!list) return value;
  try {
    const state = JSON.parse(value);
    const open = state[list][state.activeTabIndex];
    const records = state[list].filter(isPublic);
    if (list === "tabs") {
      if (records.length === 0) return null;
      state.activeTabIndex = Math.max(0, records.indexOf(open));
    }
    return JSON.stringify({ ...state, [list]: records.map((record) => ({ ...record, headers: null })) });
  } catch {
    return null;
  }
}

function save(key, value) {
  const kept = withoutSecrets(key, value);
  if (kept === null) localStorage.removeItem(namespace + key);
  else localStorage.setItem(namespace + key, kept);
}

// createStorage returns an object with the methods of Storage that GraphiQL uses.
export function createStorage() {
  const values = new Map();
  for (const name of Object.keys(localStorage).filter((name) => name.startsWith(namespace))) {
    const key = name.slice(namespace.length);
    save(key, localStorage.getItem(name)); // an earlier version of this page stored everything
    const kept = localStorage.getItem(name);
    if (kept !== null) values.set(key, kept);
  }
  return {
    get length() { return values.size; },
    getItem: (key) => values.get(key) ?? null,
    setItem(key, value) {
      values.set(key, value);
      save(key, value);
    },
    removeItem(key) {
      values.delete(key);
      localStorage.removeItem(namespace + key);
    },
    clear() {
      for (const key of [...values.keys()]) this.removeItem(key);
    },
  };
}
