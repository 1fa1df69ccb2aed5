import { endpoint, sessionHeaders } from "../../api/client";
import { RecordProgressDocument } from "../../generated/learn";
import type { RecordProgressMutation } from "../../generated/types";
import type { Batch, Outcome } from "./progress-queue";

export type Recorded = RecordProgressMutation["recordVideoProgress"]["enrollments"];

interface Response {
  readonly data?: RecordProgressMutation | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

// Errors of the request itself. The same request would have them again.
const lasting = ["BAD_USER_INPUT", "CONFLICT", "COST_ESTIMATED_TOO_EXPENSIVE", "GRAPHQL_VALIDATION_FAILED"];

// sendProgress sends a batch with fetch and keepalive, so that the request goes on when its page is left. It does
// not use the document cache: each batch would fetch the whole page again.
export async function sendProgress({ key, events }: Batch, onRecorded: (enrollments: Recorded) => void): Promise<Outcome> {
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      keepalive: true,
      credentials: "same-origin",
      headers: { ...sessionHeaders, "Content-Type": "application/json", "Idempotency-Key": key },
      body: JSON.stringify({ documentId: RecordProgressDocument.documentId, variables: { events } }),
    });
    const { data, errors } = (await response.json()) as Response;
    if (data) {
      onRecorded(data.recordVideoProgress.enrollments);
      return "recorded";
    }
    return lasting.includes(errors?.[0]?.extensions?.code ?? "") ? "rejected" : "retry";
  } catch {
    return "retry"; // no network, or no JSON
  }
}
