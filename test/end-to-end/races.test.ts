import { describeFrozenPublisher } from '../contracts/frozen-publisher.ts';

describeFrozenPublisher('files', () => ({}));
