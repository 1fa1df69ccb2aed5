import { create } from "zustand";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: "info" | "error";
}

const lifetime = 6_000;
let nextId = 1;

const useToasts = create<{ toasts: readonly Toast[] }>()(() => ({ toasts: [] }));

const remove = (id: number) => useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));

// showToast shows a short message about something that was done, or that failed, and screen readers read it.
export function showToast(text: string, kind: Toast["kind"] = "info") {
  const id = nextId++;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts.slice(-2), { id, text, kind }] }));
  setTimeout(() => remove(id), lifetime);
}

// Toasts is the place of the messages. It is in the page from the start, so that screen readers notice additions.
export function Toasts() {
  const toasts = useToasts((state) => state.toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, text, kind }) => (
        <p key={id} className={`toast toast-${kind}`}>
          {text}
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => remove(id)}>×</button>
        </p>
      ))}
    </div>
  );
}
