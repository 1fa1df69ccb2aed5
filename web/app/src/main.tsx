import "./styles/app.css";
import { createRoot } from "react-dom/client";
import { client } from "./api/client";
import { fromServer, pageData } from "./api/page-data";
import { App } from "./app";
import { ViewerDocument } from "./generated/session";
import { preloadPage } from "./pages";
import { preloadLinks } from "./preload-links";
import { matchPath } from "./routes";
import { useAppStore } from "./state/store";

// loadViewer returns the viewer. The server writes it into the HTML; the development server does not.
async function loadViewer() {
  if (fromServer) return pageData.viewer;
  const { data } = await client.query(ViewerDocument, {}).toPromise();
  return data?.viewer ?? null;
}

// The chunk of the page is loaded before the first rendering, which replaces the view of the server at once.
const [viewer] = await Promise.all([loadViewer(), preloadPage(matchPath(location.pathname)?.route.page ?? "catalog").catch(() => {})]);
useAppStore.getState().setUser(viewer);
createRoot(document.getElementById("root")!).render(<App />);
preloadLinks();
