import { useState } from "react";
import { describeError } from "../api/errors";
import { mutate } from "../api/mutation";
import { AddToWishlistDocument, RemoveFromWishlistDocument } from "../generated/wishlist";
import { Button } from "../ui/button";
import { showToast } from "../ui/toast";

interface WishlistButtonProps {
  readonly courseId: string;
  readonly wishlisted: boolean;
}

// WishlistButton adds a course to the wishlist of the viewer, or removes it.
export function WishlistButton({ courseId, wishlisted }: WishlistButtonProps) {
  const [sending, setSending] = useState(false);

  async function toggle() {
    setSending(true);
    const { problems, error } = wishlisted ? await mutate(RemoveFromWishlistDocument, { courseId }) : await mutate(AddToWishlistDocument, { courseId });
    setSending(false);
    const failure = error ? describeError(error).title : problems[0]?.message;
    if (failure) showToast(failure, "error");
  }

  return (
    <Button busy={sending} onClick={toggle}>
      <span aria-hidden="true">{wishlisted ? "♥" : "♡"}</span> {wishlisted ? "Remove from wishlist" : "Add to wishlist"}
    </Button>
  );
}
