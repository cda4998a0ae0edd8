import { walkthrough } from './walkthrough.ts';

walkthrough('secure-platform.md');
