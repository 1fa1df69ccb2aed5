import { create } from "zustand";
import { persist, subscribeWithSelector } from "zustand/middleware";
import type { Viewer } from "../api/page-data";
import type { CourseCardFragment } from "../generated/types";

export type Theme = "system" | "light" | "dark";

export interface Pagination {
  readonly page: number;
  readonly limit: number;
  readonly total: number;
}

// AppState is the state of the user interface. Data of the server are in the cache of the client; `courses` are
// those that the catalogue showed last, for visits without a network.
export interface AppState {
  readonly user: Viewer | null;
  readonly theme: Theme;
  readonly courses: { readonly data: readonly CourseCardFragment[]; readonly pagination: Pagination };
  readonly performance: {
    readonly pageLoadTime: number;
    readonly apiResponseTimes: Readonly<Record<string, number>>;
    readonly renderTimes: Readonly<Record<string, number>>;
  };
}

export interface AppActions {
  setUser: (user: Viewer | null) => void;
  setTheme: (theme: Theme) => void;
  storeCourses: (data: readonly CourseCardFragment[], pagination: Pagination) => void;
  recordPageLoadTime: (time: number) => void;
  recordApiResponseTime: (document: string, time: number) => void;
  recordRenderTime: (component: string, time: number) => void;
}

const storedCourses = 100;
const noCourses: AppState["courses"] = { data: [], pagination: { page: 1, limit: 24, total: 0 } };

// useAppStore has no tokens: those of the session are in cookies that no script can read. Signing out removes the user.
export const useAppStore = create<AppState & AppActions>()(subscribeWithSelector(persist(
  (set) => ({
    user: null,
    theme: "system",
    courses: noCourses,
    performance: { pageLoadTime: 0, apiResponseTimes: {}, renderTimes: {} },

    setUser: (user) => set({ user }),
    setTheme: (theme) => set({ theme }),
    storeCourses: (data, pagination) => set({ courses: { data: data.slice(0, storedCourses), pagination } }),
    recordPageLoadTime: (pageLoadTime) => set(({ performance }) => ({ performance: { ...performance, pageLoadTime } })),
    recordApiResponseTime: (document, time) => set(({ performance }) => ({
      performance: { ...performance, apiResponseTimes: { ...performance.apiResponseTimes, [document]: time } },
    })),
    recordRenderTime: (component, time) => set(({ performance }) => ({
      performance: { ...performance, renderTimes: { ...performance.renderTimes, [component]: time } },
    })),
  }),
  {
    name: "education-platform-store",
    version: 1,
    partialize: ({ user, theme, courses }) => ({ user, theme, courses }),
    migrate: () => ({ user: null, theme: "system" as const, courses: noCourses }), // no earlier version is known
  },
)));

export const useUser = () => useAppStore((state) => state.user);
export const usePerformanceMetrics = () => useAppStore((state) => state.performance);
