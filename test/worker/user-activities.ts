/**
 * @file A user's own activity.
 */
export const userActivities = {
  shout: (text: string): Promise<string> => Promise.resolve(text.toUpperCase()),
};
