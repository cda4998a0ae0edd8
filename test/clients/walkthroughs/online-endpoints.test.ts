import { walkthrough } from './walkthrough.ts';

walkthrough('online-endpoints.md');
