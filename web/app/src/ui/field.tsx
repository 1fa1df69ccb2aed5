import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from "react";

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly problem?: string | undefined; // what is wrong with the value
}

interface FrameProps extends FieldProps {
  readonly children: (attributes: { id: string; "aria-invalid": boolean; "aria-describedby": string | undefined }) => ReactNode;
}

// FieldFrame has the label, the hint and the problem of a control.
export function FieldFrame({ label, hint, problem, children }: FrameProps) {
  const id = useId();
  const described = problem ? `${id}-problem` : hint ? `${id}-hint` : undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-invalid": Boolean(problem), "aria-describedby": described })}
      {problem ? <p className="field-problem" id={`${id}-problem`}>{problem}</p> : hint && <p className="field-hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

export const Field = ({ label, hint, problem, ...rest }: FieldProps & InputHTMLAttributes<HTMLInputElement>) => (
  <FieldFrame label={label} hint={hint} problem={problem}>{(attributes) => <input className="input" {...rest} {...attributes} />}</FieldFrame>
);

export const TextField = ({ label, hint, problem, ...rest }: FieldProps & TextareaHTMLAttributes<HTMLTextAreaElement>) => (
  <FieldFrame label={label} hint={hint} problem={problem}>{(attributes) => <textarea className="input" rows={4} {...rest} {...attributes} />}</FieldFrame>
);

export const SelectField = ({ label, hint, problem, children, ...rest }: FieldProps & SelectHTMLAttributes<HTMLSelectElement>) => (
  <FieldFrame label={label} hint={hint} problem={problem}>{(attributes) => <select className="input" {...rest} {...attributes}>{children}</select>}</FieldFrame>
);

export const Checkbox = ({ label, ...rest }: { readonly label: ReactNode } & InputHTMLAttributes<HTMLInputElement>) => (
  <label className="checkbox"><input type="checkbox" {...rest} /><span>{label}</span></label>
);
