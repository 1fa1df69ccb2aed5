// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { CatalogPageQuery, CatalogPageQueryVariables, CatalogMoreQuery, CatalogMoreQueryVariables } from "./types";

export const CatalogPageDocument = createDocument<CatalogPageQuery, CatalogPageQueryVariables>("CatalogPage", "c3cfcbd8f5f29e156313b26b73c9a1a0073af15c3b1673e992d0922727fccbe1");
export const CatalogMoreDocument = createDocument<CatalogMoreQuery, CatalogMoreQueryVariables>("CatalogMore", "e57d0814a3591719501e1def658cace05737ac2f4dd62887697db482f9da9ad6");
