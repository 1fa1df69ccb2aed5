import { type FormEvent, useState } from "react";
import { useMutation } from "../../api/mutation";
import { AddVideoDocument, UpdateVideoDocument } from "../../generated/studio-curriculum";
import type { CurriculumVideoFragment, VideoMediaInput } from "../../generated/types";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Checkbox, Field, SelectField } from "../../ui/field";
import { FormNotice, problemOf } from "../../ui/form-notice";
import { formatLanguage, formatTime } from "../../ui/format";
import { parseTime } from "./time";

interface VideoDialogProps {
  readonly courseId: string;
  readonly video?: CurriculumVideoFragment | undefined; // without it, the dialog adds one
  readonly sections: readonly { readonly id: string; readonly title: string }[];
  readonly sectionId: string | null;
  readonly onClose: () => void;
}

function readMedia(values: FormData): VideoMediaInput | undefined {
  const text = (name: string) => String(values.get(name) ?? "").trim();
  if (!text("path")) return undefined;
  const language = text("captionsLanguage") || "en";
  return {
    path: text("path"),
    poster: text("poster") || null,
    captions: text("captions") ? [{ language, label: formatLanguage(language), path: text("captions") }] : [],
  };
}

// VideoDialog adds a video to a course, or changes one.
export function VideoDialog({ courseId, video, sections, sectionId, onClose }: VideoDialogProps) {
  const add = useMutation(AddVideoDocument);
  const update = useMutation(UpdateVideoDocument);
  const { sending, error, problems } = video ? update : add;
  const [timeProblem, setTimeProblem] = useState<string>();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const durationSeconds = parseTime(String(values.get("duration")));
    setTimeProblem(durationSeconds ? undefined : "must be a time such as 8:20, or seconds");
    if (!durationSeconds) return;
    const input = {
      title: String(values.get("title")),
      durationSeconds,
      sectionId: String(values.get("section") ?? "") || null,
      isPreview: values.has("isPreview"),
    };
    const media = readMedia(values);
    const { ok } = video
      ? await update.send({ input: { id: video.id, ...input, ...(media && { media }), ...(values.has("removeFiles") && { media: null }) } })
      : await add.send({ input: { courseId, ...input, ...(media && { media }) } });
    if (ok) onClose();
  }

  const mediaProblems = problems.filter(({ field }) => !field.includes("captions"));
  return (
    <Dialog open title={video ? "Edit video" : "Add video"} onClose={onClose}>
      <form className="form" onSubmit={(event) => void submit(event)} noValidate>
        <Field label="Title" name="title" maxLength={200} autoFocus defaultValue={video?.title} problem={problemOf(problems, "title")} />
        <div className="form-row">
          <Field label="Length" name="duration" placeholder="8:20" defaultValue={video && formatTime(video.durationSeconds)}
            problem={timeProblem ?? problemOf(problems, "durationSeconds")} />
          <SelectField label="Section" name="section" defaultValue={sectionId ?? ""} problem={problemOf(problems, "sectionId")}>
            <option value="">None</option>
            {sections.map(({ id, title }) => <option key={id} value={id}>{title}</option>)}
          </SelectField>
        </div>
        <Checkbox label="Preview: every visitor may play it" name="isPreview" defaultChecked={video?.isPreview ?? false} />
        <fieldset className="form-group">
          <legend>Files on the media server</legend>
          <Field label="Video or playlist" name="path" placeholder="intro/index.m3u8" problem={problemOf(mediaProblems, "path")}
            hint={video?.playback ? "The video has files. A path here replaces them." : "A path in the folder of the course: .m3u8, .mpd, .mp4 or .webm."} />
          <Field label="Poster" name="poster" placeholder="intro/poster.jpg" problem={problemOf(problems, "poster")} />
          <div className="form-row">
            <Field label="Captions" name="captions" placeholder="intro/en.vtt" problem={problemOf(problems, "captions")} />
            <Field label="Language of the captions" name="captionsLanguage" placeholder="en" />
          </div>
          {video?.playback && <Checkbox label="Remove the files" name="removeFiles" />}
        </fieldset>
        <FormNotice error={error} problems={problems} fields={["title", "durationSeconds", "sectionId", "path", "poster", "captions"]} />
        <footer className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={sending}>{video ? "Save" : "Add video"}</Button>
        </footer>
      </form>
    </Dialog>
  );
}
