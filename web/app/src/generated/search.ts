// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { SearchPageQuery, SearchPageQueryVariables, SearchMoreQuery, SearchMoreQueryVariables } from "./types";

export const SearchPageDocument = createDocument<SearchPageQuery, SearchPageQueryVariables>("SearchPage", "9992b64811dd65281bafd60b0b5db96c34ea0f695e41114cdcfd716ee91132e4");
export const SearchMoreDocument = createDocument<SearchMoreQuery, SearchMoreQueryVariables>("SearchMore", "23164a78994bc1a408f1c53c11078cd8754af223e3e26ac04280611d7308ac94");
