// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { ViewerQuery, ViewerQueryVariables } from "./types";

export const ViewerDocument = createDocument<ViewerQuery, ViewerQueryVariables>("Viewer", "46a7842110004ac3d0647189c67197cb0a252740beb111df6c660f7a05fd0a14");
