import { type KeyboardEvent, type PointerEvent, useLayoutEffect, useState } from "react";
import { moveTo, step, type Row } from "./order";

type Rows = readonly Row[];

interface Lift {
  readonly id: string;
  readonly rows: Rows; // with the row at its new place
  readonly byKey: boolean;
}

interface Options {
  readonly rows: Rows;
  readonly describe: (rows: Rows, id: string) => string; // the place of a row in words
  readonly onDrop: (rows: Rows, id: string) => void;
}

const edge = 72; // pixels at the top and the bottom of the window, where dragging scrolls
const help = "Press space to lift, the arrow keys to move, space to drop, and escape to cancel.";

// useReorder moves rows by dragging their handles, or by keys: Space lifts, the arrows move, Space drops and Escape
// cancels. Messages are for screen readers.
export function useReorder({ rows, describe, onDrop }: Options) {
  const [lift, setLift] = useState<Lift>();
  const [message, setMessage] = useState("");

  useLayoutEffect(() => {
    if (lift?.byKey) document.getElementById(handleId(lift.id))?.focus(); // a moved element loses the focus
  }, [lift]);

  function drop({ id, rows: moved }: Lift) {
    setLift(undefined);
    setMessage(`Dropped. ${describe(moved, id)}`);
    if (moved !== rows) onDrop(moved, id);
  }

  function handleKey(event: KeyboardEvent, id: string) {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : undefined;
    const press = event.key === " " || event.key === "Enter";
    if (!lift) {
      if (!press) return;
      setLift({ id, rows, byKey: true });
      setMessage(`Lifted. ${describe(rows, id)} ${help}`);
    } else if (by) {
      const moved = step(lift.rows, id, by);
      setLift({ ...lift, rows: moved });
      setMessage(describe(moved, id));
    } else if (press || event.key === "Tab") drop(lift);
    else if (event.key === "Escape") {
      setLift(undefined);
      setMessage("Cancelled.");
    } else return;
    if (event.key !== "Tab") event.preventDefault();
  }

  function handlePointer(event: PointerEvent, id: string) {
    if (event.button !== 0) return;
    event.preventDefault();
    let current: Lift = { id, rows, byKey: false };
    setLift(current);
    const controller = new AbortController();
    const { signal } = controller;
    const finish = (dropped: boolean) => {
      controller.abort();
      if (dropped) drop(current);
      else setLift(undefined);
    };
    addEventListener("pointermove", ({ clientX, clientY }) => {
      scrollAtEdges(clientY);
      const over = rowAt(clientX, clientY);
      if (!over || over === id) return;
      current = { ...current, rows: moveTo(current.rows, id, over) };
      setLift(current);
    }, { signal });
    addEventListener("pointerup", () => finish(true), { signal });
    addEventListener("pointercancel", () => finish(false), { signal });
    addEventListener("keydown", ({ key }) => key === "Escape" && finish(false), { signal });
  }

  return {
    rows: lift?.rows ?? rows,
    liftedId: lift?.id,
    message,
    handleProps: (id: string) => ({
      id: handleId(id),
      "aria-pressed": lift?.id === id,
      onKeyDown: (event: KeyboardEvent) => handleKey(event, id),
      onPointerDown: (event: PointerEvent) => handlePointer(event, id),
    }),
  };
}

const handleId = (id: string) => `handle-${id}`;

// rowAt returns the id of the row at a place of the window.
const rowAt = (x: number, y: number) => document.elementFromPoint(x, y)?.closest<HTMLElement>("[data-row]")?.dataset["row"];

function scrollAtEdges(y: number) {
  if (y < edge) scrollBy(0, -12);
  else if (y > innerHeight - edge) scrollBy(0, 12);
}
