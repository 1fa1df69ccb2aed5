interface ProgressBarProps {
  readonly label: string;
  readonly value: number; // 0 to max
  readonly max?: number;
}

// ProgressBar shows how much of something is done.
export const ProgressBar = ({ label, value, max = 100 }: ProgressBarProps) => (
  <progress className="progress" aria-label={label} value={value} max={max} />
);
