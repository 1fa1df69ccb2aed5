// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { SuggestQuery, SuggestQueryVariables } from "./types";

export const SuggestDocument = createDocument<SuggestQuery, SuggestQueryVariables>("Suggest", "782b7238708763fb61be457ce90344a64076b6f6480142558618c93a045a7f3e");
