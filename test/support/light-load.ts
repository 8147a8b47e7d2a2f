/** Requests at a steady pace, one every `everyMs`, for users in turn, until stopped; rejects nothing. */
export function startLightLoad(api: string, userIds: readonly string[], everyMs: number) {
  const failures: string[] = [];
  let sent = 0;
  const timer = setInterval(() => {
    const userId = userIds[(sent += 1) % userIds.length] ?? '';
    void fetch(`${api}/recommendations/${userId}`).then(
      async (response) => {
        await response.body?.cancel();
        if (response.status >= 500) failures.push(`${userId}: ${response.status}`);
      },
      (error: unknown) => failures.push(`${userId}: ${String(error)}`),
    );
  }, everyMs);
  return {
    sent: () => sent,
    /** Requests that were not answered. */
    failures,
    stop: () => clearInterval(timer),
  };
}
