// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { CertificatePageQuery, CertificatePageQueryVariables } from "./types";

export const CertificatePageDocument = createDocument<CertificatePageQuery, CertificatePageQueryVariables>("CertificatePage", "e9a5f56b94955f60d3fc4a026d181a4cc8795a100c9f4a1a5b1a652a29efd9cc");
