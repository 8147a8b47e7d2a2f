/** What to do about a pointer that is gone or cannot be read, as messages say it. */
export function bringBack(placement: string): string {
  return (
    `Servers stay on what they have. "topshelf release --placement ${placement}" brings the pointer back as it was ` +
    'recorded, and ends its hold if it had one.'
  );
}
