import { type FormEvent, type KeyboardEvent, useEffect, useId, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useQuery } from "../api/query";
import { SuggestDocument } from "../generated/suggest";
import type { SuggestQuery } from "../generated/types";
import { MarkedText } from "./marked-text";
import { useDebounced } from "./use-debounced";

type Suggestion = SuggestQuery["suggest"][number];

const kinds: Record<string, string> = { COURSE: "Course", CATEGORY: "Category", TAG: "Topic", INSTRUCTOR: "Instructor" };

// suggestionPath returns the page that a suggestion leads to.
function suggestionPath({ course, category, kind, text }: Suggestion) {
  if (course) return `/courses/${course.slug}`;
  if (category) return `/?category=${encodeURIComponent(category.id)}`;
  if (kind === "TAG") return `/?tag=${encodeURIComponent(text)}`;
  return `/search?q=${encodeURIComponent(text)}`;
}

// useSuggestions returns what completes a text, after a pause of typing. While the next ones load, the last ones stay.
function useSuggestions(text: string, open: boolean) {
  const prefix = useDebounced(text.trim(), 150);
  const { data } = useQuery(SuggestDocument, { prefix }, { public: true, pause: !open || prefix === "" });
  const [shown, setShown] = useState<SuggestQuery>();
  if (data && data !== shown) setShown(data);
  return open && text.trim() !== "" ? (shown?.suggest ?? []) : [];
}

// SearchBox is the search of the site, a combobox with suggestions.
export function SearchBox() {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const query = path === "/search" ? new URLSearchParams(search).get("q") ?? "" : "";
  const [text, setText] = useState(query);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const listId = useId();
  const suggestions = useSuggestions(text, open);

  useEffect(() => setText(query), [query]);

  function go(to: string) {
    setOpen(false);
    setActive(-1);
    navigate(to);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    go(`/search?q=${encodeURIComponent(text.trim())}`);
  }

  function handleKey(event: KeyboardEvent) {
    if (event.key === "Escape") setOpen(false);
    if (suggestions.length === 0) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const count = suggestions.length + 1; // one place is the text itself
      setActive((before) => ((before + 1 + (event.key === "ArrowDown" ? 1 : count - 1)) % count) - 1);
    }
    if (event.key === "Enter" && active >= 0 && suggestions[active]) {
      event.preventDefault();
      go(suggestionPath(suggestions[active]));
    }
  }

  return (
    <form className="site-search" role="search" action="/search" onSubmit={submit}>
      <input className="input" type="search" name="q" placeholder="Search courses" aria-label="Search courses" autoComplete="off" maxLength={200}
        role="combobox" aria-expanded={suggestions.length > 0} aria-controls={listId} aria-autocomplete="list"
        aria-activedescendant={active >= 0 ? `${listId}-${active}` : undefined} value={text}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
          setActive(-1);
        }}
        onKeyDown={handleKey} onBlur={() => setOpen(false)} />
      <ul className="suggestions" id={listId} role="listbox" aria-label="Suggestions" hidden={suggestions.length === 0}>
        {suggestions.map((suggestion, i) => (
          <li key={`${suggestion.kind}-${suggestion.text}`} id={`${listId}-${i}`} role="option" aria-selected={i === active}
            onPointerDown={(event) => event.preventDefault()} onClick={() => go(suggestionPath(suggestion))}>
            <span className="suggestion-text"><MarkedText html={suggestion.highlight} /></span>
            <span className="suggestion-kind">{kinds[suggestion.kind] ?? ""}</span>
          </li>
        ))}
      </ul>
    </form>
  );
}
