import { noPackets } from '../../support/kernel.ts';
import { walkthrough } from './walkthrough.ts';

walkthrough('kernel-isolation.md', noPackets);
