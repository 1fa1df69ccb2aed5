import { useEffect, useState } from "react";
import { Button } from "../../ui/button";

interface UpNextProps {
  readonly title: string;
  readonly onPlay: () => void;
  readonly onCancel: () => void;
}

const delay = 5; // seconds

// UpNext plays the next video after some seconds, unless the viewer stays.
export function UpNext({ title, onPlay, onCancel }: UpNextProps) {
  const [left, setLeft] = useState(delay);
  useEffect(() => {
    const timer = setTimeout(() => (left > 1 ? setLeft(left - 1) : onPlay()), 1_000);
    return () => clearTimeout(timer);
  }, [left]);
  return (
    <div className="up-next">
      <p role="status">Up next: <b>{title}</b></p>
      <div className="up-next-actions">
        <Button kind="primary" onClick={onPlay} autoFocus>Play now <span aria-hidden="true" className="up-next-count">{left}</span></Button>
        <Button onClick={onCancel}>Stay here</Button>
      </div>
    </div>
  );
}
