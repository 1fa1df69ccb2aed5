import { type FormEvent, useState } from "react";
import type { CombinedError } from "@urql/core";
import type { Problem } from "../../api/mutation";
import type { CourseInput, Difficulty, StudioCourseFragment, StudioDetailsFragment } from "../../generated/types";
import { Button } from "../../ui/button";
import { Field, SelectField, TextField } from "../../ui/field";
import { FormNotice, problemOf } from "../../ui/form-notice";
import { formatDifficulty } from "../../ui/format";

interface CourseFormProps {
  readonly course?: StudioCourseFragment & StudioDetailsFragment; // without it, the form makes a new course
  readonly categories: readonly { readonly id: string; readonly name: string }[];
  readonly sending: boolean;
  readonly error: CombinedError | undefined;
  readonly problems: readonly Problem[];
  readonly onSubmit: (input: CourseInput) => void;
}

const difficulties: readonly Difficulty[] = ["BEGINNER", "INTERMEDIATE", "ADVANCED"];
const fields = ["title", "description", "categoryId", "difficulty", "priceAmount", "language", "thumbnailUrl", "tags", "learningOutcomes", "requirements"];

const toLines = (text: string) => text.split("\n").map((line) => line.trim()).filter(Boolean);
const toTags = (text: string) => text.split(",").map((tag) => tag.trim()).filter(Boolean);

function readInput(form: HTMLFormElement): CourseInput {
  const values = new FormData(form);
  const text = (name: string) => String(values.get(name) ?? "").trim();
  return {
    title: text("title"),
    description: text("description"),
    categoryId: text("categoryId"),
    difficulty: text("difficulty") as Difficulty,
    priceAmount: text("priceAmount") || "0",
    language: text("language") || null,
    thumbnailUrl: text("thumbnailUrl") || null,
    tags: toTags(text("tags")),
    learningOutcomes: toLines(text("learningOutcomes")),
    requirements: toLines(text("requirements")),
  };
}

// checkInput returns the problems that the server would report as a request that does not fit its schema.
function checkInput({ categoryId, priceAmount }: CourseInput): readonly Problem[] {
  const problem = (name: string, message: string) => ({ code: "INVALID", message, field: ["input", name] });
  return [
    ...(categoryId ? [] : [problem("categoryId", "must be chosen")]),
    ...(/^\d+(\.\d{1,2})?$/.test(priceAmount) ? [] : [problem("priceAmount", "must be an amount such as 49.90")]),
  ];
}

// CourseForm has the details of a course. The server checks them; each problem is shown at its field.
export function CourseForm({ course, categories, sending, error, problems, onSubmit }: CourseFormProps) {
  const [invalid, setInvalid] = useState<readonly Problem[]>([]);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const input = readInput(event.currentTarget);
    const found = checkInput(input);
    setInvalid(found);
    if (found.length === 0) onSubmit(input);
  }
  const problem = (name: string) => problemOf([...invalid, ...problems], name);
  return (
    <form className="form" onSubmit={submit} noValidate>
      <Field label="Title" name="title" required maxLength={200} defaultValue={course?.title} problem={problem("title")} />
      <TextField label="Description" name="description" required rows={8} maxLength={20_000} defaultValue={course?.description} problem={problem("description")} />
      <div className="form-row">
        <SelectField label="Category" name="categoryId" required defaultValue={course?.category.id ?? ""} problem={problem("categoryId")}>
          {!course && <option value="" disabled>Choose…</option>}
          {categories.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
        </SelectField>
        <SelectField label="Difficulty" name="difficulty" defaultValue={course?.difficulty ?? "BEGINNER"} problem={problem("difficulty")}>
          {difficulties.map((difficulty) => <option key={difficulty} value={difficulty}>{formatDifficulty(difficulty)}</option>)}
        </SelectField>
      </div>
      <div className="form-row">
        <Field label="Price in USD" name="priceAmount" inputMode="decimal" placeholder="0" hint="0 is free." defaultValue={course?.price.amount} problem={problem("priceAmount")} />
        <Field label="Language" name="language" placeholder="en" hint="A tag such as en or pt-BR." defaultValue={course?.language ?? ""} problem={problem("language")} />
      </div>
      <Field label="Address of the picture" name="thumbnailUrl" type="url" placeholder="https://…" defaultValue={course?.thumbnailUrl ?? ""} problem={problem("thumbnailUrl")} />
      <Field label="Tags" name="tags" hint="Separated by commas, at most 20." defaultValue={course?.tags.join(", ")} problem={problem("tags")} />
      <TextField label="What students learn" name="learningOutcomes" rows={6} hint="One line each, at most 20." defaultValue={course?.learningOutcomes.join("\n")} problem={problem("learningOutcomes")} />
      <TextField label="What students need before" name="requirements" rows={3} hint="One line each, at most 20." defaultValue={course?.requirements.join("\n")} problem={problem("requirements")} />
      <FormNotice error={error} problems={problems} fields={fields} />
      <p className="form-actions"><Button type="submit" kind="primary" busy={sending}>{course ? "Save" : "Create draft"}</Button></p>
    </form>
  );
}
