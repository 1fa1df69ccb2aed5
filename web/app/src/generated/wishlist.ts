// Written by `npm run generate`. Do not edit.
import { createDocument } from "../api/document";
import type { WishlistPageQuery, WishlistPageQueryVariables, AddToWishlistMutation, AddToWishlistMutationVariables, RemoveFromWishlistMutation, RemoveFromWishlistMutationVariables } from "./types";

export const WishlistPageDocument = createDocument<WishlistPageQuery, WishlistPageQueryVariables>("WishlistPage", "d155d45dd22bbc116d18fe9fad54cc49c8510ed5e6f319baefc9695ba64565ff");
export const AddToWishlistDocument = createDocument<AddToWishlistMutation, AddToWishlistMutationVariables>("AddToWishlist", "7d36f9a4d11ec093b0b779ee2ccd8a97afbc90369f7d07c2dc85c4cd3dc777a9");
export const RemoveFromWishlistDocument = createDocument<RemoveFromWishlistMutation, RemoveFromWishlistMutationVariables>("RemoveFromWishlist", "067be44d4f896a6959d58bb43f7bcf80bf1ba64a95067adc245f77d4cd2cae14");
